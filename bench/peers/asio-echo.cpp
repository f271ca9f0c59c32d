// SPDX-License-Identifier: MIT
// A TCP echo on Asio in the form of its own tutorials: a session that is kept
// alive by its handlers, with a buffer of its own (16 KiB here).
#include <asio.hpp>

#include <cstdio>
#include <memory>

using asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
public:
	explicit session(tcp::socket socket) : socket_(std::move(socket))
	{
	}

	void read()
	{
		auto self(shared_from_this());
		socket_.async_read_some(asio::buffer(buffer_), [this, self](std::error_code error, std::size_t n) {
			if (!error)
				write(n);
		});
	}

private:
	void write(std::size_t n)
	{
		auto self(shared_from_this());
		asio::async_write(socket_, asio::buffer(buffer_, n), [this, self](std::error_code error, std::size_t) {
			if (!error)
				read();
		});
	}

	tcp::socket socket_;
	char buffer_[16 << 10];
};

class server {
public:
	explicit server(asio::io_context &context) : acceptor_(context)
	{
		acceptor_.open(tcp::v4());
		acceptor_.bind({ asio::ip::address_v4::loopback(), 0 });
		acceptor_.listen(4096);
		std::printf("listening tcp://127.0.0.1:%d echo\n", acceptor_.local_endpoint().port());
		std::fflush(stdout);
		accept();
	}

private:
	void accept()
	{
		acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
			if (!error)
				std::make_shared<session>(std::move(socket))->read();
			accept();
		});
	}

	tcp::acceptor acceptor_;
};

int main()
{
	asio::io_context context(1);
	server echo(context);

	context.run();
}
